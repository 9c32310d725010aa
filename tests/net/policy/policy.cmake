# SPDX-License-Identifier: GPL-3.0-or-later
# Open sessions when another policy comes.
add_library(gatehouse_test_livegate STATIC ${CMAKE_CURRENT_LIST_DIR}/livegate.cpp)
target_include_directories(gatehouse_test_livegate PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(gatehouse_test_livegate PUBLIC gatehouse_test_net PRIVATE gatehouse_flags)
gatehouse_add_test(net policy_live SOURCES ${CMAKE_CURRENT_LIST_DIR}/policylivetest.cpp
    LINKS gatehouse_test_livegate OpenSSL::SSL TIMEOUT 180)
gatehouse_add_test(net policy_property SOURCES ${CMAKE_CURRENT_LIST_DIR}/policypropertytest.cpp ${CMAKE_CURRENT_LIST_DIR}/randompolicy.cpp
    LINKS gatehouse_test_livegate OpenSSL::SSL TIMEOUT 300)
gatehouse_add_test(net policy_limits SOURCES ${CMAKE_CURRENT_LIST_DIR}/policylimitstest.cpp
    LINKS gatehouse_test_livegate TIMEOUT 180)
