# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit policy_keeper SOURCES ${CMAKE_CURRENT_LIST_DIR}/policykeepertest.cpp
    LINKS gatehouse_runtime gatehouse_test_support)
gatehouse_add_test(unit policy_file SOURCES ${CMAKE_CURRENT_LIST_DIR}/policyfiletest.cpp
    LINKS gatehouse_runtime gatehouse_test_support)
gatehouse_add_test(unit audit_policy_versions SOURCES ${CMAKE_CURRENT_LIST_DIR}/auditpolicyversionstest.cpp
    LINKS gatehouse_audit gatehouse_test_support Qt6::Sql)
