# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(net gateway_relay SOURCES ${CMAKE_CURRENT_LIST_DIR}/relaytest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_entry SOURCES ${CMAKE_CURRENT_LIST_DIR}/entrytest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_policy SOURCES ${CMAKE_CURRENT_LIST_DIR}/gatewaypolicytest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_behind_tls SOURCES ${CMAKE_CURRENT_LIST_DIR}/behindtlstest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_endings SOURCES ${CMAKE_CURRENT_LIST_DIR}/endingstest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_independent SOURCES ${CMAKE_CURRENT_LIST_DIR}/independenttest.cpp
    LINKS gatehouse_test_net Qt6::WebSockets)
