# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit ban_keeper SOURCES ${CMAKE_CURRENT_LIST_DIR}/bankeepertest.cpp LINKS gatehouse_runtime)
