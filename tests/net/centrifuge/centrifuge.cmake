# SPDX-License-Identifier: GPL-3.0-or-later
# Centrifugo's client protocol at a real gate.
add_library(gatehouse_test_protocol STATIC ${CMAKE_CURRENT_LIST_DIR}/protocolclient.cpp)
target_include_directories(gatehouse_test_protocol PUBLIC ${CMAKE_CURRENT_LIST_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(gatehouse_test_protocol PUBLIC gatehouse_test_net PRIVATE gatehouse_flags)

foreach(surface centrifuge centrifuge_faults centrifuge_policy centrifuge_random hub_api)
    string(REPLACE "_" "" file ${surface})
    gatehouse_add_test(net ${surface} SOURCES ${CMAKE_CURRENT_LIST_DIR}/${file}test.cpp
        LINKS gatehouse_test_protocol TIMEOUT 120)
endforeach()
