// The mistake: the 72 hours of L5 are counted in days, rounded. 71 hours and 59 minutes are not three days.
// To be named: ADM-12

import { HOUR } from "./calendar.mjs";
import { Course } from "./course.mjs";
import { serve } from "./wire.mjs";

class Faulty extends Course {
  mayStillBeTaken(left) {
    return Math.round(left / (24 * HOUR)) >= 3;
  }
}

serve(() => new Faulty());
