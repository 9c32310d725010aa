# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(net admin_api SOURCES ${CMAKE_CURRENT_LIST_DIR}/adminapitest.cpp LINKS gatehouse_test_net TIMEOUT 180)
gatehouse_add_test(net policy_locked_out SOURCES ${CMAKE_CURRENT_LIST_DIR}/policylockedouttest.cpp
    LINKS gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(net remote_policy SOURCES ${CMAKE_CURRENT_LIST_DIR}/remotepolicytest.cpp LINKS gatehouse_test_net TIMEOUT 120)
