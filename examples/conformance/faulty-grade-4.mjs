// The mistake: grade 4 is treated as grade 3. Neuropathy and rash of grade 4 end treatment at once (L21, L25).
// To be named: PN-09 RASH-08

import { Course } from "./course.mjs";
import { serve } from "./wire.mjs";

class Faulty extends Course {
  neuropathyGraded(event) {
    return super.neuropathyGraded({ ...event, grade: Math.min(event.grade, 3) });
  }

  rashGraded(event) {
    return super.rashGraded({ ...event, grade: Math.min(event.grade, 3) });
  }
}

serve(() => new Faulty());
