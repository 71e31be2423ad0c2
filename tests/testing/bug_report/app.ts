export default function app(request: Request): Response {
  const prices = new URL(request.url).searchParams.getAll("price").map(Number);
  if (prices.length === 0) return Response.json({ error: "no price" }, { status: 400 });
  const sum = prices.reduce((total, price) => total + price, 0);
  return Response.json({ average: sum / prices.length });
}
