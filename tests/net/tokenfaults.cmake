# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(net faults_token SOURCES ${CMAKE_CURRENT_LIST_DIR}/faults/tokenfaultstest.cpp
    LINKS gatehouse_test_faults gatehouse_test_keys TIMEOUT 120)
