// The mistake: two episodes that end in one release cost two levels. A release costs one (L13, L16, L19, L23, L26).
// To be named: B-STACK

import { Course } from "./course.mjs";
import { serve } from "./wire.mjs";

class Faulty extends Course {
  owe(drug) {
    drug.owed += 1;
  }
}

serve(() => new Faulty());
