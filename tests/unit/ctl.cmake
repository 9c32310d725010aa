# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit ctl_policy SOURCES ${CMAKE_CURRENT_LIST_DIR}/ctlpolicytest.cpp LINKS gatehouse_ctl)
gatehouse_add_test(unit ctl_remote SOURCES ${CMAKE_CURRENT_LIST_DIR}/ctlremotetest.cpp LINKS gatehouse_ctl Threads::Threads)
gatehouse_add_test(unit ctl_api_key SOURCES ${CMAKE_CURRENT_LIST_DIR}/ctlapikeytest.cpp LINKS gatehouse_ctl gatehouse_api)
