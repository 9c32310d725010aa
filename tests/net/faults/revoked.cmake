# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(net faults_revoked SOURCES ${CMAKE_CURRENT_LIST_DIR}/revokedfaultstest.cpp
    LINKS gatehouse_test_faults gatehouse_audit Qt6::Sql TIMEOUT 180)
gatehouse_add_test(net faults_one_time SOURCES ${CMAKE_CURRENT_LIST_DIR}/onetimefaultstest.cpp
    LINKS gatehouse_test_faults gatehouse_audit Qt6::Sql TIMEOUT 180)
