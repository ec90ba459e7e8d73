using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Bodies;

/// <summary>The maximum size of a request body, if the Ingress sets it.</summary>
/// <param name="MaxBytes">Larger ones are answered 413; 0 means any size.</param>
public sealed record BodySizePolicy(long MaxBytes) : RoutePolicy;

/// <summary>The speed of each response body.</summary>
/// <param name="BytesPerSecond">More than 0.</param>
/// <param name="BytesBefore">The bytes that are sent at full speed first.</param>
public sealed record ResponseRatePolicy(long BytesPerSecond, long BytesBefore) : RoutePolicy;
