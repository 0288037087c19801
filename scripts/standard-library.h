/* What the C++ of the packages includes of the C++ library; scripts/build.sh has it read once instead of 280 times. */
#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
