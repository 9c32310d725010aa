# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit reason SOURCES ${CMAKE_CURRENT_LIST_DIR}/reasontest.cpp LINKS gatehouse_domain)
