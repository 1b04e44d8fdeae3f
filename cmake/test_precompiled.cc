#include "cmake/test_precompiled.h"
