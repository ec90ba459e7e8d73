namespace IngressController.ImageTests.Fixture;

/// <summary>Who may read what is mounted into a container, which runs as another user.</summary>
internal static class Access
{
    private const UnixFileMode ReadAndEnter = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Temporary folders are their maker's alone otherwise.</summary>
    public static void ForAllUsers(string folder)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, ReadAndEnter);
    }
}
