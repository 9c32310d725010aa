# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(net bans SOURCES ${CMAKE_CURRENT_LIST_DIR}/banstest.cpp LINKS gatehouse_test_net gatehouse_audit Qt6::Sql TIMEOUT 120)
