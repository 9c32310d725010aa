# SPDX-License-Identifier: GPL-3.0-or-later
# What an operator does in an incident, beside kicks and bans.
gatehouse_add_test(net lockdown SOURCES ${CMAKE_CURRENT_LIST_DIR}/lockdowntest.cpp
    LINKS gatehouse_test_faults gatehouse_audit Qt6::Sql TIMEOUT 120)
gatehouse_add_test(net quarantine SOURCES ${CMAKE_CURRENT_LIST_DIR}/quarantinetest.cpp LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net temporary_limit SOURCES ${CMAKE_CURRENT_LIST_DIR}/temporarylimittest.cpp
    LINKS gatehouse_test_net gatehouse_audit Qt6::Sql TIMEOUT 120)
gatehouse_add_test(net drain SOURCES ${CMAKE_CURRENT_LIST_DIR}/draintest.cpp LINKS gatehouse_test_net TIMEOUT 120)
