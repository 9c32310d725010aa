# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit wire_forwarded SOURCES ${CMAKE_CURRENT_LIST_DIR}/forwardedtest.cpp LINKS gatehouse_wire)
gatehouse_add_test(unit wire_proxy_protocol SOURCES ${CMAKE_CURRENT_LIST_DIR}/proxyprotocoltest.cpp LINKS gatehouse_wire)
gatehouse_add_test(unit policy_entry SOURCES ${CMAKE_CURRENT_LIST_DIR}/policyentrytest.cpp LINKS gatehouse_policy)
gatehouse_add_test(unit auth_places SOURCES ${CMAKE_CURRENT_LIST_DIR}/authplacestest.cpp
    LINKS gatehouse_auth gatehouse_policy)
