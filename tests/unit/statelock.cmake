# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit state_lock SOURCES ${CMAKE_CURRENT_LIST_DIR}/statelocktest.cpp LINKS gatehouse_runtime)
