# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit rate_debt SOURCES ${CMAKE_CURRENT_LIST_DIR}/ratedebttest.cpp LINKS gatehouse_policy Threads::Threads)
gatehouse_add_test(unit clock_watch SOURCES ${CMAKE_CURRENT_LIST_DIR}/clockwatchtest.cpp LINKS gatehouse_runtime)
