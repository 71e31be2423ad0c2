import { Hono } from "hono";

/** The app. It knows nothing of the network that carries it. */
export const app: Hono = new Hono()
  .get("/", (context) => context.text("Hello from my-app\n"))
  .get("/hello/:name", (context) => context.json({ hello: context.req.param("name") }));
