namespace IngressController.Features.BasicAuthentication;

/// <summary>What came of a user and a password.</summary>
internal enum AuthenticationVerdict
{
    /// <summary>No such user, or not the password: 401.</summary>
    Rejected,

    /// <summary>The password is right.</summary>
    Accepted,

    /// <summary>Too many passwords are waiting to be verified: 503, and the client may try again.</summary>
    Overloaded,
}
