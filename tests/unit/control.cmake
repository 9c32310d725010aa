# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit audit_log SOURCES ${CMAKE_CURRENT_LIST_DIR}/auditlogtest.cpp
    LINKS gatehouse_audit gatehouse_test_support Qt6::Sql)
gatehouse_add_test(unit audit_chain SOURCES ${CMAKE_CURRENT_LIST_DIR}/auditchaintest.cpp
    LINKS gatehouse_audit gatehouse_test_support Qt6::Sql)
gatehouse_add_test(unit control_json SOURCES ${CMAKE_CURRENT_LIST_DIR}/controljsontest.cpp LINKS gatehouse_control)
gatehouse_add_test(unit ctl_arguments SOURCES ${CMAKE_CURRENT_LIST_DIR}/ctlargumentstest.cpp LINKS gatehouse_ctl)
