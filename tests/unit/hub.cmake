# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(unit hub_stream SOURCES ${CMAKE_CURRENT_LIST_DIR}/hubstreamtest.cpp LINKS gatehouse_hub)
gatehouse_add_test(unit hub_presence SOURCES ${CMAKE_CURRENT_LIST_DIR}/hubpresencetest.cpp LINKS gatehouse_hub)
gatehouse_add_test(unit hub_channels SOURCES ${CMAKE_CURRENT_LIST_DIR}/hubchannelstest.cpp LINKS gatehouse_hub)
gatehouse_add_test(unit hub_channels_random SOURCES ${CMAKE_CURRENT_LIST_DIR}/hubchannelsrandomtest.cpp LINKS gatehouse_hub)
gatehouse_add_test(unit channel_hub SOURCES ${CMAKE_CURRENT_LIST_DIR}/channelhubtest.cpp LINKS gatehouse_hub)
gatehouse_add_test(unit hub_values SOURCES ${CMAKE_CURRENT_LIST_DIR}/hubvaluestest.cpp LINKS gatehouse_hub)
