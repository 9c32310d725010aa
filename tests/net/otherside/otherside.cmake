# SPDX-License-Identifier: GPL-3.0-or-later
# Routes that have another side, which the test plays: what is asked before the 101, what a session does for it, and the
# sockets that run in a worker's loop beside its clients'.
foreach(surface endpoint entry session)
    gatehouse_add_test(net otherside_${surface}
        SOURCES ${CMAKE_CURRENT_LIST_DIR}/${surface}test.cpp ${CMAKE_CURRENT_LIST_DIR}/workerbed.cpp
        LINKS gatehouse_test_net TIMEOUT 120)
endforeach()
