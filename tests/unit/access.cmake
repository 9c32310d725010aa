# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit access SOURCES ${CMAKE_CURRENT_LIST_DIR}/accesstest.cpp LINKS gatehouse_control)
gatehouse_add_test(unit api_key_check SOURCES ${CMAKE_CURRENT_LIST_DIR}/apikeychecktest.cpp LINKS gatehouse_api)
gatehouse_add_test(unit policy_remote_change SOURCES ${CMAKE_CURRENT_LIST_DIR}/remotechangetest.cpp LINKS gatehouse_policy gatehouse_test_support)
gatehouse_add_test(unit api_metrics SOURCES ${CMAKE_CURRENT_LIST_DIR}/apimetricstest.cpp LINKS gatehouse_api)
