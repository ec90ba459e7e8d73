namespace IngressController.ImageTests.Fixture;

/// <summary>Access to folders that are mounted into a container, which runs as another user.</summary>
internal static class Access
{
    private const UnixFileMode ReadAndEnter = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Allows all users to read a folder; by default, only its owner can read a temporary folder.</summary>
    public static void ForAllUsers(string folder)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, ReadAndEnter);
    }
}
