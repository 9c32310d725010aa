# SPDX-License-Identifier: GPL-3.0-or-later
# What an operator does in an incident, beside bans.
gatehouse_add_test(unit lockdown SOURCES ${CMAKE_CURRENT_LIST_DIR}/lockdowntest.cpp LINKS gatehouse_policy)
gatehouse_add_test(unit limit_keeper SOURCES ${CMAKE_CURRENT_LIST_DIR}/limitkeepertest.cpp
    LINKS gatehouse_runtime gatehouse_test_support)
