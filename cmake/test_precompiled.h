#pragma once

// cmake/precompiled.h for the tests, which are compiled without optimisation and include GoogleTest
// besides.

#include "cmake/precompiled.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
