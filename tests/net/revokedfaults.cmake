# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(net faults_revoked SOURCES ${CMAKE_CURRENT_LIST_DIR}/faults/revokedfaultstest.cpp
    LINKS gatehouse_test_faults gatehouse_test_keys TIMEOUT 120)
