# SPDX-License-Identifier: GPL-3.0-or-later
# What messages must be, how many may come, and how long a session lasts.
foreach(surface schema rate timer)
    gatehouse_add_test(net faults_${surface} SOURCES ${CMAKE_CURRENT_LIST_DIR}/${surface}faultstest.cpp
        LINKS gatehouse_test_faults TIMEOUT 120)
endforeach()
