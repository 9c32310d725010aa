# SPDX-License-Identifier: GPL-3.0-or-later
gatehouse_add_test(gui lockdown SOURCES ${CMAKE_CURRENT_LIST_DIR}/lockdowntest.cpp
    LINKS gatehouse_ui_mainwindow gatehouse_connection_scenes)
gatehouse_add_test(gui session_measures SOURCES ${CMAKE_CURRENT_LIST_DIR}/sessionmeasurestest.cpp
    LINKS gatehouse_ui_mainwindow gatehouse_connection_scenes)
gatehouse_add_test(gui upstreams SOURCES ${CMAKE_CURRENT_LIST_DIR}/upstreamstest.cpp
    LINKS gatehouse_ui_mainwindow gatehouse_connection_scenes)
