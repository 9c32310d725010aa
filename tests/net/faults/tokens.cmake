# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(net faults_token SOURCES ${CMAKE_CURRENT_LIST_DIR}/tokenfaultstest.cpp
    LINKS gatehouse_test_faults gatehouse_test_keys TIMEOUT 120)
# Tokens that were good once.
foreach(what revoked onetime)
    gatehouse_add_test(net faults_${what} SOURCES ${CMAKE_CURRENT_LIST_DIR}/${what}faultstest.cpp
        LINKS gatehouse_test_faults gatehouse_audit Qt6::Sql TIMEOUT 180)
endforeach()
