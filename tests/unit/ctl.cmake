# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit ctl_policy SOURCES ${CMAKE_CURRENT_LIST_DIR}/ctlpolicytest.cpp LINKS gatehouse_ctl)
