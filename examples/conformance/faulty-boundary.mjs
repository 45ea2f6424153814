// The mistake: a count at its limit is taken for low (≤ for <). 500 neutrophils are no reason to hold (L12).
// To be named: ANC-01 ANC-02 PLT-01 PLT-02

import { Course } from "./course.mjs";
import { serve } from "./wire.mjs";

class Faulty extends Course {
  isLow(count, limit) {
    return count <= limit;
  }
}

serve(() => new Faulty());
