# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(net gateway_tls SOURCES ${CMAKE_CURRENT_LIST_DIR}/gatewaytlstest.cpp
    LINKS gatehouse_gateway gatehouse_test_net)
gatehouse_add_test(net gateway_upstreams SOURCES ${CMAKE_CURRENT_LIST_DIR}/gatewayupstreamstest.cpp
    LINKS gatehouse_test_net TIMEOUT 120)
