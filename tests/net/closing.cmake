# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(net closing SOURCES ${CMAKE_CURRENT_LIST_DIR}/closingtest.cpp LINKS gatehouse_test_net TIMEOUT 120)
