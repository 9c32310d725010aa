# SPDX-License-Identifier: GPL-3.0-or-later
# Frame by frame, by hand, over ws and wss, against one server with the policy of this folder.
add_library(gatehouse_test_conformance STATIC ${CMAKE_CURRENT_LIST_DIR}/exchange.cpp ${CMAKE_CURRENT_LIST_DIR}/exchange.h
    ${CMAKE_CURRENT_LIST_DIR}/rawwire.cpp)
target_include_directories(gatehouse_test_conformance PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_compile_definitions(gatehouse_test_conformance PRIVATE CONFORMANCE_POLICY="${CMAKE_CURRENT_LIST_DIR}/gatehouse.json")
target_link_libraries(gatehouse_test_conformance PUBLIC gatehouse_test_net PRIVATE gatehouse_flags)

foreach(group framing control fragments utf8 close limits abuse)
    gatehouse_add_test(net conformance_${group} SOURCES ${CMAKE_CURRENT_LIST_DIR}/${group}cases.cpp
        LINKS gatehouse_test_conformance TIMEOUT 120)
endforeach()
