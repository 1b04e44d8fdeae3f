#pragma once

#include "manifest/build.h"

namespace sluice {

/// Warns of every loop that events run through, for ever or until the hop count ends it, and puts
/// it into the graph. Followed are the routes of `build`: an event of which nothing is known takes
/// those without a filter, a known reply those too whose filter surely passes it. A Trigger's
/// reply of which nothing is known is not followed. Warns too of completions that come to a model
/// which is asked by the data of events: it refuses them.
///
/// Of very many routes the first ones are followed.
void warn_of_loops(Build& build);

}  // namespace sluice
