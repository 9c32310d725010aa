# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit policy_reevaluation SOURCES ${CMAKE_CURRENT_LIST_DIR}/policyreevaluationtest.cpp LINKS gatehouse_net)
