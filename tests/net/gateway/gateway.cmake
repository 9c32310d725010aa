# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(net gateway_relay SOURCES ${CMAKE_CURRENT_LIST_DIR}/relaytest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_entry SOURCES ${CMAKE_CURRENT_LIST_DIR}/entrytest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_policy SOURCES ${CMAKE_CURRENT_LIST_DIR}/gatewaypolicytest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_behind_tls SOURCES ${CMAKE_CURRENT_LIST_DIR}/behindtlstest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_endings SOURCES ${CMAKE_CURRENT_LIST_DIR}/endingstest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_hangs SOURCES ${CMAKE_CURRENT_LIST_DIR}/hangstest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_tls_session SOURCES ${CMAKE_CURRENT_LIST_DIR}/tlssessiontest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_counts SOURCES ${CMAKE_CURRENT_LIST_DIR}/countstest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_compression SOURCES ${CMAKE_CURRENT_LIST_DIR}/gatewaycompressiontest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_simultaneous SOURCES ${CMAKE_CURRENT_LIST_DIR}/simultaneoustest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_limits SOURCES ${CMAKE_CURRENT_LIST_DIR}/gatewaylimitstest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net gateway_independent SOURCES ${CMAKE_CURRENT_LIST_DIR}/independenttest.cpp
    LINKS gatehouse_test_net Qt6::WebSockets)
