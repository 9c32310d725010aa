# SPDX-License-Identifier: GPL-3.0-or-later
# Tokens that were good once.
foreach(what revoked onetime)
    gatehouse_add_test(net faults_${what} SOURCES ${CMAKE_CURRENT_LIST_DIR}/faults/${what}faultstest.cpp
        LINKS gatehouse_test_faults gatehouse_audit Qt6::Sql TIMEOUT 180)
endforeach()
