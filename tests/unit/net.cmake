# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit timing_wheel SOURCES ${CMAKE_CURRENT_LIST_DIR}/timingwheeltest.cpp LINKS gatehouse_net)
gatehouse_add_test(unit outgoing_message SOURCES ${CMAKE_CURRENT_LIST_DIR}/outgoingmessagetest.cpp LINKS gatehouse_net)
gatehouse_add_test(unit send_queue SOURCES ${CMAKE_CURRENT_LIST_DIR}/sendqueuetest.cpp LINKS gatehouse_net)
gatehouse_add_test(unit gate_tables SOURCES ${CMAKE_CURRENT_LIST_DIR}/gatetablestest.cpp LINKS gatehouse_net)
gatehouse_add_test(unit feed SOURCES ${CMAKE_CURRENT_LIST_DIR}/feedtest.cpp LINKS gatehouse_feed gatehouse_net)
gatehouse_add_test(unit hello_limit SOURCES ${CMAKE_CURRENT_LIST_DIR}/hellolimittest.cpp LINKS gatehouse_net)
gatehouse_add_test(unit histogram SOURCES ${CMAKE_CURRENT_LIST_DIR}/histogramtest.cpp LINKS gatehouse_runtime)
