// A correct program under test: node correct.mjs

import { Course } from "./course.mjs";
import { serve } from "./wire.mjs";

serve(() => new Course());
