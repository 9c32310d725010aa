# SPDX-License-Identifier: GPL-3.0-or-later
foreach(surface policyapply policyfile policyprovisional policyversions)
    string(REPLACE "policy" "policy_" name ${surface})
    gatehouse_add_test(net ${name} SOURCES ${CMAKE_CURRENT_LIST_DIR}/${surface}test.cpp LINKS gatehouse_test_net
        gatehouse_audit Qt6::Sql TIMEOUT 120)
endforeach()
