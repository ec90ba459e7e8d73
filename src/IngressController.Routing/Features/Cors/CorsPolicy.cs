using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Cors;

/// <summary>The sites that can read the responses of a route in a browser (the CORS protocol of the Fetch standard).</summary>
/// <param name="Origins">The allowed origins; null means any, empty means none.</param>
/// <param name="Methods">Access-Control-Allow-Methods.</param>
/// <param name="Headers">Access-Control-Allow-Headers.</param>
/// <param name="ExposedHeaders">Access-Control-Expose-Headers; null sends none.</param>
/// <param name="AllowsCredentials">True if Access-Control-Allow-Credentials is sent.</param>
/// <param name="MaxAge">Access-Control-Max-Age, in seconds.</param>
public sealed record CorsPolicy(
    EquatableArray<CorsOrigin>? Origins, string Methods, string Headers, string? ExposedHeaders, bool AllowsCredentials, int MaxAge) : RoutePolicy
{
    public bool AllowsAnyOrigin => Origins is null;

    /// <summary>True if an origin is allowed.</summary>
    public bool Allows(ReadOnlySpan<char> origin)
    {
        if (Origins is not { } origins)
            return true;
        foreach (var allowed in origins.AsSpan())
        {
            if (allowed.Matches(origin))
                return true;
        }

        return false;
    }
}
