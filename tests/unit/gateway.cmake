# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit gateway_upstream SOURCES ${CMAKE_CURRENT_LIST_DIR}/gatewayupstreamtest.cpp
    LINKS gatehouse_gateway gatehouse_test_support)
gatehouse_add_test(unit gateway_request SOURCES ${CMAKE_CURRENT_LIST_DIR}/gatewayrequesttest.cpp
    LINKS gatehouse_gateway)
gatehouse_add_test(unit gateway_table SOURCES ${CMAKE_CURRENT_LIST_DIR}/gatewaytabletest.cpp
    LINKS gatehouse_gateway gatehouse_test_support)
gatehouse_add_test(unit gateway_watch SOURCES ${CMAKE_CURRENT_LIST_DIR}/gatewaywatchtest.cpp
    LINKS gatehouse_gateway gatehouse_test_support)
