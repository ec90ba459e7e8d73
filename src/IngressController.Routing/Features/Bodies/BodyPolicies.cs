using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Bodies;

/// <summary>How large a request body may be, where the Ingress says so itself.</summary>
/// <param name="MaxBytes">Larger ones are answered 413; 0 means any size.</param>
public sealed record BodySizePolicy(long MaxBytes) : RoutePolicy;

/// <summary>How fast the body of each response goes out.</summary>
/// <param name="BytesPerSecond">More than 0.</param>
/// <param name="BytesBefore">So many bytes go out at full speed first.</param>
public sealed record ResponseRatePolicy(long BytesPerSecond, long BytesBefore) : RoutePolicy;
