# SPDX-License-Identifier: GPL-3.0-or-later
# The whole product in one process: a real server, real clients over TLS, the real window.
gatehouse_add_test(gui console SOURCES ${CMAKE_CURRENT_LIST_DIR}/consoletest.cpp LINKS gatehouse_ui_mainwindow gatehouse_test_net TIMEOUT 120)
gatehouse_add_test(gui console_policy SOURCES ${CMAKE_CURRENT_LIST_DIR}/consolepolicytest.cpp LINKS gatehouse_ui_mainwindow gatehouse_test_net TIMEOUT 120)
