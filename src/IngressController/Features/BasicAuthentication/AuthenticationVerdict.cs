namespace IngressController.Features.BasicAuthentication;

/// <summary>The result of verifying a user and a password.</summary>
internal enum AuthenticationVerdict
{
    /// <summary>Unknown user or wrong password: 401.</summary>
    Rejected,

    /// <summary>The password is correct.</summary>
    Accepted,

    /// <summary>Too many passwords wait for verification: 503, and the client can retry.</summary>
    Overloaded,
}
