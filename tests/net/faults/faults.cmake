# SPDX-License-Identifier: GPL-3.0-or-later
# The table of what bad input must give, each row through a socket: the answer, what was counted, what was recorded.
add_library(gatehouse_test_faults STATIC ${CMAKE_CURRENT_LIST_DIR}/trace.cpp)
target_include_directories(gatehouse_test_faults PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(gatehouse_test_faults PUBLIC gatehouse_test_net PRIVATE gatehouse_flags)

foreach(surface request frame peer)
    gatehouse_add_test(net faults_${surface} SOURCES ${CMAKE_CURRENT_LIST_DIR}/${surface}faultstest.cpp
        LINKS gatehouse_test_faults TIMEOUT 120)
endforeach()
